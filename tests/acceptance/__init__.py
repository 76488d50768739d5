"""Real pytest sessions on small projects."""
