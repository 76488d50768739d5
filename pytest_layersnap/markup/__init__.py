"""HTML that is safe by how it is made: elements, pages in one file, and cells of notebooks."""
