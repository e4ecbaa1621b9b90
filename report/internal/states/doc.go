// Package states writes which connections were in which state: all that were there at one moment, or how many at
// regular times.
//
// The analyzer says when a connection was in a state; the package selects, counts and writes. It bounds how many samples
// a series has, and so its memory.
//
// Not its job: to infer a state.
package states
