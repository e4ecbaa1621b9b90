// Package netns gives a test two hosts: network namespaces of their own, joined by a veth
// pair. Real connections of the kernel run between them, and nothing of it is seen on the
// machine's own interfaces.
//
// It is for Linux, and for root. Where it may not be done, New skips the test and says why;
// elsewhere the package is empty, so tests that use it are in files named _linux_test.go.
//
// Not its job: what happens on the connections.
package netns
