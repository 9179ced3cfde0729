// Package million fills a store with a million clients, and times what the
// pages of the management ask for.
package million
