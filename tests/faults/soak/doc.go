// Package soak runs two gateways for minutes, while clients are killed every
// second and Redis is started again and again.
package soak
