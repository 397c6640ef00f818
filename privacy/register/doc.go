// Package register keeps what a controller must be able to show: to whom personal data were disclosed and on what ground, who consented to what, who processes for it, where data
// go, what was breached, and who was told of which policy when.
package register
