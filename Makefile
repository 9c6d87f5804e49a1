.DEFAULT_GOAL := help
export UV_NO_PROGRESS := 1
