"""Parts that more than one page uses; a component's css and js lie beside its .py."""
