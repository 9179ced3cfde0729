// Package browser sits before a real browser: it looks after applications in the
// console as people do, and calls the gateway as pages of other origins do.
package browser
