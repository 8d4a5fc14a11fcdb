"""A whole class: many submissions side by side, results that are kept, several machines."""
