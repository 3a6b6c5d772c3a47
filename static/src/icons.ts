/** The icon names the menu may use; an unknown one shows the plain document. */
import {
  Avatar,
  Connection,
  Document,
  Files,
  Folder,
  FullScreen,
  Grid,
  Key,
  Location,
  Monitor,
  OfficeBuilding,
  Postcard,
  Tickets,
  User,
  UserFilled,
  Van,
  VideoCamera,
} from '@element-plus/icons-vue'
import type { Component } from 'vue'

const icons: Record<string, Component> = {
  Avatar,
  Connection,
  Document,
  Files,
  Folder,
  FullScreen,
  Grid,
  Key,
  Location,
  Monitor,
  OfficeBuilding,
  Postcard,
  Tickets,
  User,
  UserFilled,
  Van,
  VideoCamera,
}

export function icon(name: string): Component {
  return icons[name] ?? Document
}
