"""Audio as numbers: levels, resampling, G.711, WAV files. Pure."""
