"""What a run does: which cases, in which order, what each needs, what stands already."""
