export function readPng(bytes: Buffer): { width: number; height: number; pixels: Buffer }
