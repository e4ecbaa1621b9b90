// Package sums adds conversations up by what they have in common, and writes the sums.
//
// It holds a group for each combination of values that it has met, however many conversations there are: at most as many groups as it is
// told. What finds no room is counted in one more group, so that nothing is lost. Quantiles come from a sketch (DDSketch) and are within
// one percent of the value that they stand for.
//
// What a group can be made of is package dimension's; the record is package record's.
//
// Not its job: to decide by what is grouped: that is for dimension.
package sums
