// Package story tells in a few sentences what became of a conversation.
//
// It adds nothing to what the analyzer says: it chooses what is worth a sentence, and puts it into words.
//
// Not its job: how sentences are wrapped, and what is drawn beside them.
package story
