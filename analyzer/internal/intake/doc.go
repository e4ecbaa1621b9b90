// Package intake turns the frames of a capture into segments ([Intake]), and counts what became of each and what an analysis did not keep ([Summary]).
//
// Non-goals: to which connection a segment belongs (package flow). It reads no input and starts no goroutine.
package intake
