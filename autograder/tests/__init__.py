"""The tests of the engine. They are public: a toy course stands in for the real one."""
