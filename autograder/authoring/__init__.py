"""What authors and instructors run: release, examination, made-up classes, measurements."""
