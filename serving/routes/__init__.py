"""One file per resource, each with a `router`; `serving.app` finds and mounts them all."""
