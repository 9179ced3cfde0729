// Package browser sits before a real browser: what pages of other origins can
// do with the gateway there.
package browser
