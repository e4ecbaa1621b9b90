// Package plot draws a conversation, or a whole capture, over time: as a picture, as commands for xplot, or as CSV for gnuplot. What it shows
// was decided by the analyzer; it adds up, and leaves out what a picture has no room for. Memory is bounded by the picture, not by the capture.
//
// Not its job: reading the input (packages twopass and analyzer), and how shapes become a file (package paint).
package plot
