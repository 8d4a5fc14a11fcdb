"""The course's own vocabulary: checks and symptoms about dropout. It imports the engine; the engine never imports it.

Here lies what several assignments use; each topic has a folder of its own, and no topic imports another.
"""
