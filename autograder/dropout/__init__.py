"""The course's vocabulary: checks and symptoms about dropout. The engine never imports it.

Here lies what several assignments use; each topic has a folder of its own, and no topic imports
another.
"""
