"""What the pages share: state keys, cached doors to the engine, widgets. No maths."""
