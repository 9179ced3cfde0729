// Package adapt pins what every option of the Caddyfile means, and what an
// operator reads who got one wrong.
package adapt
