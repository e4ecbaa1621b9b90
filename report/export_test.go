package report

// Listen is for tests that need packages that import this one.
var Listen = listen
