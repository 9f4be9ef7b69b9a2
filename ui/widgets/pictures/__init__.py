"""Images on a page: chosen, opened, compared, brought; css and js lie beside the .py."""
