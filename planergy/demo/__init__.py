"""The demo: an account of made-up people, and the main job done for real on the sandbox."""
