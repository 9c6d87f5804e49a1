"""Google's services beside Gemini: how their doors open, speech both ways, and translation."""
