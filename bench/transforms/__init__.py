"""Image -> tensor and outputs -> labels, each rule by name. Numpy and OpenCV, no torch."""
