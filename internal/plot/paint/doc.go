// Package paint draws on canvases of gonum.org/v1/plot/vg: shapes and text in a theme, and charts with axes and legends. A canvas is written
// as SVG, PNG or PDF.
//
// Its unit is the pixel of a screen, of which there are 96 to an inch; x goes to the right and y down.
//
// Not its job: what a picture shows (package plot).
package paint
