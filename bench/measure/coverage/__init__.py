"""Coverage of quantized artifacts: a file a runtime that tells the precision of its operators."""
