"""The styles of pictures: cards, ops, the book's circles and boxes, a network. One a file."""
