// Package kerneltruth scores inferred trajectories against what the kernels of the two
// endpoints logged about themselves. It holds tests only; testdata/kernel/README.md says
// what the captures are.
//
// For every connection, endpoint and tap the inferred states must equal the kernel's.
// The taps are scored apart, since they can know different things: at the endpoint itself
// (near), in the middle, at the other end (far), and captures of one direction only
// (one-way). Some of what the kernel logged may be missing, and some of what is inferred may
// be too much; compare says what.
//
//	go test ./internal/kerneltruth -v          the figures
//	go test ./internal/kerneltruth -v -wrong   and every endpoint and time that is wrong
package kerneltruth
