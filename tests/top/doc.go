// Package top looks at gateways under load through `caddy dcr top`.
package top
