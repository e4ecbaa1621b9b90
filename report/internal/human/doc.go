// Package human is what all that people read has in common: how numbers, sizes and durations look, how text is wrapped
// and made safe for a terminal, the colours, and what is suggested for a misspelled name.
//
// Not its job: formats, and where text goes: a caller without a terminal leaves out the colours.
package human
