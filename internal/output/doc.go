// Package output opens the files that a run writes ([Files]): none overwrites an input or another output, and each appears when it is
// complete, as does a directory of files ([Dir]). [Behind] writes in the background while others render.
//
// Not its job: what is written, and in which format.
package output
