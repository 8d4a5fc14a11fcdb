"""What authors and instructors run: release, examination of checks and hints, made-up classes, measurements."""
