// Package sample has made-up conversations, and what else the tests of the renderers share.
//
// Not its job: conversations as a capture would show them, which package lab makes.
package sample
