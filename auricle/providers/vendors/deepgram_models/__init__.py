"""Deepgram's families of models, a file each: Nova and Flux hear, Aura speaks."""
