"""The corruptions of ImageNet-C and Cityscapes-C, by name: noise, blur, weather, digital.

Hendrycks & Dietterich, Benchmarking Neural Network Robustness to Common Corruptions and
Perturbations, ICLR 2019; Michaelis et al., Benchmarking Robustness in Object Detection: Autonomous
Driving when Winter is Coming, 2019, for images of any size. The parameters of the five levels are
those of ImageNet-C. Widths of blurs are pixels whatever the image's size, as in Cityscapes-C; fog and
elastic transforms follow the image's size, as there. Labels stay as they are: no corruption moves an
object by more than a few pixels (ImageNet-C's elastic transform does, Michaelis' doesn't).

What differs from those programs: arithmetic is float32 and rounds to the nearest 8-bit value; glass
blur draws each pixel from its neighbourhood in rounds instead of swapping one after the other; frost
is drawn, since its photographs can't be shipped.
"""
