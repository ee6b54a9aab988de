"""How fast the native core is, side by side with its peers. Nothing here is part of the installed package."""
