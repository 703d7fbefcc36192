"""Reading policy interpretations and finding their question-answer pairs. Pure: plain data in and out."""
