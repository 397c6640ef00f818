// Package request answers people who ask what is held of them, and to have it corrected, restricted, taken out or erased: by when, and what was done.
package request
