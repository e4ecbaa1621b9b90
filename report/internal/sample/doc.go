// Package sample is made-up conversations, and what else the tests of the renderers share.
package sample
