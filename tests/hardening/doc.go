// Package hardening attacks the real gateway over HTTP/1.1, HTTP/2 and HTTP/3:
// one test for each attack, named after what must not come of it.
package hardening
