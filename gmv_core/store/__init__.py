"""The workspace on disk: folders, tables, manifests, marks. It knows no model and no method."""
