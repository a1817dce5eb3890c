"""Steps of export recipes, one file a step: predecessor's artifact + options -> artifact."""
