// Package page writes what was found in a capture as one HTML page that needs nothing beside itself: findings, a timeline, a table of
// conversations, and the segments of some of them.
//
// A [Page] is the viewer of two passes over the input (package twopass). The first gives every conversation a row; the second the segments
// of those that are shown in detail, of long ones a choice (thin.go). All of it goes into the page as JSON, in columns, and the script of
// the page (assets) draws it. What comes from a capture is data there, never markup, and the page's own policy lets nothing run or load
// but the script and the style that it came with.
//
// Not its job: any knowledge of TCP, which is in what package analyzer says of conversations and segments.
package page
